#include "admin/control_pages.hpp"

#include "admin/readiness.hpp"
#include "text/json.hpp"

namespace tributary::admin {
namespace {

constexpr const char* json_type = "application/json";

/// Strangers are told no more than whether.
Reply probe(const Request& request, bool good, const std::vector<std::string>& bad,
            const std::vector<std::string>& degraded) {
  Reply reply{good ? 200 : 503, good ? "ok\n" : "not ok\n"};
  if (!request.details || !request.asked("verbose")) return reply;
  for (const auto& one : bad) reply.body += "bad: " + one + "\n";
  for (const auto& one : degraded) reply.body += "degraded: " + one + "\n";
  return reply;
}

Reply reloaded(const Program::Reloaded& what) {
  std::string body = what.applied ? R"({"applied":true,"changes":)" : R"({"applied":false,"faults":[)";
  if (what.applied) {
    text::append_quoted(body, what.words);
    return {200, body + "}\n", json_type};
  }
  bool first = true;
  for (const auto& fault : what.faults) {
    if (!std::exchange(first, false)) body += ',';
    text::append_quoted(body, fault);
  }
  return {422, body + "]}\n", json_type};
}

}  // namespace

Pages probe_pages(Program& program) {
  return {page("GET", "/livez", Access::anyone,
               [&program](const Request& request) {
                 std::vector<std::string> stalled = program.stalled();
                 for (auto& loop : stalled) loop = "the loop " + loop + " does not advance";
                 return probe(request, stalled.empty(), stalled, {});
               }),
          page("GET", "/readyz", Access::anyone, [&program](const Request& request) {
            const auto found = readiness(program.snapshot());
            return probe(request, found.ready(), found.why_not, found.degraded);
          })};
}

Pages control_pages(Program& program) {
  return {page("GET", "/config", Access::read,
               [&program](const Request&) {
                 return Reply{200, program.configuration(), "application/yaml; charset=utf-8"};
               }),
          {"POST", "/reload", Access::change, [&program](const Request&, const Answer& answer) {
             program.reload([answer](const Program::Reloaded& what) { answer(reloaded(what)); });
           }}};
}

}  // namespace tributary::admin
