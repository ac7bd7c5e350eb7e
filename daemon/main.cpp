#include "daemon/commands.hpp"

int main(int argc, char** argv) { return tributary::daemon::main_program(argc, argv); }
