#include "daemon/commands.hpp"

#ifdef TRIBUTARY_JEMALLOC
// Two threads do nearly all the work; more arenas would only hold memory.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:2,muzzy_decay_ms:0";
#endif

int main(int argc, char** argv) { return tributary::daemon::main_program(argc, argv); }
