#pragma once

#include "admin/gate.hpp"
#include "admin/program.hpp"
#include "admin/server.hpp"

namespace tributary::admin {

/// `/livez` and `/readyz`: `ok`, or 503. With `?verbose`, for who may see it: a line for everything that is wrong.
Pages probe_pages(Program& program);

/// `/config`, and `POST /reload`: 200 `{"applied": true, "changes": "…"}`, or 422 `{"applied": false, "faults": […]}`
/// once the program has done it.
Pages control_pages(Program& program);

/// `/login`, where a browser exchanges the token for a session, and `POST /logout`.
Pages login_pages(Gate& gate);

}  // namespace tributary::admin
