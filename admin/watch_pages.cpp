#include "admin/watch_pages.hpp"

#include <memory>
#include <string>
#include <utility>

#include "admin/page/embedded.hpp"
#include "admin/watch.hpp"

namespace tributary::admin {
namespace {

Reply events_reply(const std::shared_ptr<Watch>& watch, const Request& request) {
  std::string fault;
  auto filter = event_filter(request.query, fault);
  if (!filter) return {400, fault + "\n"};
  Reply reply;
  reply.content_type = "text/event-stream; charset=utf-8";
  reply.body = ": the events of this relay, as they come\nretry: 2000\n\n";
  const auto number = std::make_shared<Watch::Number>(0);
  reply.stream = [watch, number, filter = *std::move(filter)](const std::shared_ptr<Stream>& stream) {
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
  pages.push_back(
      page("GET", "/events", Access::read, [watch](const Request& request) { return events_reply(watch, request); }));
  pages.push_back(file_page("/", "page.html", "text/html; charset=utf-8"));
  pages.push_back(file_page("/page.css", "page.css", "text/css; charset=utf-8"));
  pages.push_back(file_page("/page.js", "page.js", "text/javascript; charset=utf-8"));
  pages.push_back(file_page("/icon.svg", "icon.svg", "image/svg+xml"));
  return pages;
}

}  // namespace tributary::admin
