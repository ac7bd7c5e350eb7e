#include "admin/metrics_page.hpp"

#include "admin/metrics.hpp"

namespace tributary::admin {

Pages metrics_pages(Program& program) {
  return {page("GET", "/metrics", Access::read, [&program](const Request&) {
    return Reply{200, metrics_text(program.snapshot(), read_process()), std::string(metrics_type)};
  })};
}

}  // namespace tributary::admin
