#include "daemon/commands.hpp"

#ifdef TRIBUTARY_JEMALLOC
// Two threads do nearly all the work; more arenas would only hold memory. Freed pages go back after a second: jemalloc
// looks at its clock only when it is used, so that after the dials of many upstreams, whose TLS handshakes need 32 KiB
// each, an idle process would keep them for ever.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0";
#endif

int main(int argc, char** argv) { return tributary::daemon::main_program(argc, argv); }
