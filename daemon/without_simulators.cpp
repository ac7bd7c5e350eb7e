// Takes the place of demo.cpp and simulate.cpp in a program without simulators: its command line has neither command.
#include "daemon/commands.hpp"

namespace tributary::daemon {

bool has_simulators() { return false; }
int demo_command(const DemoOptions&) { return bad_usage; }
std::string behaviours_text(const std::string&) { return {}; }
int simulate_command(const SimulateOptions&) { return bad_usage; }

}  // namespace tributary::daemon
