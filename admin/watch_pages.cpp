#include "admin/watch_pages.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/page/embedded.hpp"
#include "admin/watch.hpp"
#include "text/spelling.hpp"

namespace tributary::admin {
namespace {

/// A connector that there is not would be silent for ever. Types are not looked at: a new one may come at any time.
std::string unknown_connector(Program& program, const EventFilter& filter) {
  if (filter.connectors.empty()) return {};
  const auto all = program.snapshot().connectors;
  std::vector<std::string_view> names;
  for (const auto& one : all) names.push_back(one.name);
  for (const auto& name : filter.connectors) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return "connector: there is none with the name " + text::quote(name) + text::suggestion(name, names);
  }
  return {};
}

Reply events_reply(Program& program, const std::shared_ptr<Watch>& watch, const Request& request) {
  std::string fault;
  auto filter = event_filter(request.query, fault);
  if (filter) fault = unknown_connector(program, *filter);
  if (!fault.empty()) filter.reset();
  if (!filter) return {400, fault + "\n"};
  Reply reply;
  reply.content_type = "text/event-stream; charset=utf-8";
  reply.body = ": the events of this relay, as they come\nretry: 2000\n\n";
  const auto number = std::make_shared<Watch::Number>(0);
  reply.stream = [watch, number, filter = *std::move(filter)](const std::shared_ptr<OpenAnswer>& stream) {
    *number = watch->add_reader(stream, filter);
  };
  reply.gone = [watch, number] { watch->remove_reader(*number); };
  return reply;
}

Page file_page(std::string path, std::string_view file, std::string content_type) {
  return page("GET", std::move(path), Access::read, [file, content_type = std::move(content_type)](const Request&) {
    return Reply{200, std::string(embedded(file)), content_type};
  });
}

}  // namespace

Pages watch_pages(Program& program) {
  const auto watch = std::make_shared<Watch>(program);
  Pages pages;
  pages.push_back(page("GET", "/status", Access::read, [watch](const Request&) {
    return Reply{200, watch->status(), "application/json"};
  }));
  pages.push_back(page("GET", "/events", Access::read,
                       [watch, &program](const Request& request) { return events_reply(program, watch, request); }));
  pages.push_back(file_page("/", "page.html", "text/html; charset=utf-8"));
  pages.push_back(file_page("/page.css", "page.css", "text/css; charset=utf-8"));
  pages.push_back(file_page("/page.js", "page.js", "text/javascript; charset=utf-8"));
  pages.push_back(file_page("/icon.svg", "icon.svg", "image/svg+xml"));
  return pages;
}

}  // namespace tributary::admin
