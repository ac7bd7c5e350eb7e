#pragma once

#include "admin/program.hpp"
#include "admin/server.hpp"

namespace tributary::admin {

/// `GET /metrics`. The program outlives them.
Pages metrics_pages(Program& program);

}  // namespace tributary::admin
