#include <algorithm>
#include <chrono>

#include "admin/control_pages.hpp"

namespace tributary::admin {
namespace {

constexpr const char* html_type = "text/html; charset=utf-8";

constexpr std::string_view login_css = R"(:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 90vh; margin: 0 1rem; }
form { display: grid; gap: .8rem; width: min(22rem, 100%); }
h1 { font-size: 1.3rem; margin: 0; }
p { margin: 0; }
input, button { font: inherit; padding: .5rem .6rem; }
.fault { font-weight: bold; }
)";

/// `fault`: one of our own sentences; nothing of the asker's stands in the page.
std::string form(std::string_view fault) {
  std::string html = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tributary: log in</title>
<link rel="stylesheet" href="/login.css">
</head>
<body>
<form method="post" action="/login">
<h1>Tributary</h1>
)";
  if (!fault.empty()) html.append("<p class=\"fault\" role=\"alert\">").append(fault) += "</p>\n";
  return html + R"(<label for="token">Token of the admin port</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button>
</form>
</body>
</html>
)";
}

std::string cookie(const Gate& gate, const Request& request, const std::string& session, std::chrono::seconds life) {
  const bool by_tls = request.header("Origin").starts_with("https://");
  return gate.cookie() + "=" + session + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" + std::to_string(life.count()) +
         (by_tls ? "; Secure" : "");
}

Reply to(const char* path) { return {303, {}, {}, {{"Location", path}}}; }

Reply log_in(Gate& gate, const Request& request) {
  const auto fields = fields_of(request.body);
  const auto token = std::find_if(fields.begin(), fields.end(), [](const auto& one) { return one.first == "token"; });
  const auto login = gate.login(token == fields.end() ? std::string_view() : token->second, request.peer,
                                std::chrono::steady_clock::now());
  if (login.status != 200) {
    Reply reply{login.status, form("This was refused: " + login.words + "."), html_type};
    if (login.status == 429) reply.headers = {{"Retry-After", "60"}};
    return reply;
  }
  Reply reply = to("/");
  reply.headers.emplace_back("Set-Cookie", cookie(gate, request, login.session, Gate::session_life));
  return reply;
}

}  // namespace

Pages login_pages(Gate& gate) {
  return {page("GET", "/login", Access::open,
               [](const Request& request) {
                 return request.details ? to("/") : Reply{200, form({}), html_type};
               }),
          page("GET", "/login.css", Access::open,
               [](const Request&) {
                 return Reply{200, std::string(login_css), "text/css; charset=utf-8"};
               }),
          page("POST", "/login", Access::open, [&gate](const Request& request) { return log_in(gate, request); }),
          page("POST", "/logout", Access::open, [&gate](const Request& request) {
            gate.logout(request.headers);
            Reply reply = to("/login");
            reply.headers.emplace_back("Set-Cookie", cookie(gate, request, {}, std::chrono::seconds(0)));
            return reply;
          })};
}

}  // namespace tributary::admin
