#pragma once

#include "admin/program.hpp"
#include "admin/server.hpp"

namespace tributary::admin {

/// What people look at: `/status` (JSON), `/events` (server-sent events) and the page at `/` with what it is made of.
/// `program` outlives the server.
Pages watch_pages(Program& program);

}  // namespace tributary::admin
