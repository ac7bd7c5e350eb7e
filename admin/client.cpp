#include "admin/client.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "admin/run_file.hpp"
#include "net/http.hpp"

namespace tributary::admin {
namespace {

constexpr const char* usual_state = "/var/lib/tributary";
constexpr std::size_t answer_limit = 64u << 20U;

AskedProgram target_of(const RunFile& file) { return {"http://" + file.address, file.token}; }

struct Candidate {
  std::filesystem::path path;
  RunFile file;
};

/// The run files of programs that run; `faults`: what is wrong with the others.
std::vector<Candidate> running(const std::vector<std::filesystem::path>& places, std::string& faults) {
  std::vector<Candidate> found;
  for (const auto& place : places) {
    const auto how = held(place);
    const auto file = load_run_file(place);
    if (how == Held::yes && file) {
      found.push_back({place, *file});
    } else if (how == Held::hidden) {
      faults += "; " + place.native() + " may be read by its owner alone: ask as the user who runs the program";
    } else if (file) {
      faults += "; " + place.native() + " is of process " + std::to_string(file->pid) + ", which has ended";
    }
  }
  return found;
}

Response said(net::HttpExchange::Result result, const AskedProgram& target) {
  if (auto* ending = std::get_if<net::Ending>(&result)) {
    return {0, {}, {}, target.url + " does not answer: " + ending->detail};
  }
  auto& answer = std::get<net::HttpAnswer>(result);
  Response response{answer.status, std::move(answer.body), std::move(answer.headers), {}};
  for (const int no : {401, 403, 404, 421, 429, 503}) {
    if (response.status != no) continue;
    response.fault = target.url + " refuses (" + std::to_string(no) + "): " + response.body;
    while (response.fault.ends_with('\n')) response.fault.pop_back();
  }
  return response;
}

Response exchange(const AskedProgram& target, net::HttpRequest request, const net::HttpExchange::Pieces& pieces) {
  if (!target.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + target.token);
  request.limit = answer_limit;
  boost::asio::io_context io{1};
  net::HttpExchange::Result result;
  const auto asked = net::HttpExchange::start(
      io, request, [&](net::HttpExchange::Result came) { result = std::move(came); }, {}, pieces);
  io.run();
  return said(std::move(result), target);
}

}  // namespace

Found find_running(const std::filesystem::path& state, const std::filesystem::path& configuration) {
  auto places = run_file_places(state, configuration);
  std::size_t left = 0;
  if (configuration.empty()) {
    left = remove_left_run_files();
    places = run_files_of_user();
    places.insert(places.begin(), std::filesystem::path(usual_state) / "admin.json");
  }
  std::string faults;
  const auto found = running(places, faults);
  const auto fits = std::find_if(found.begin(), found.end(), [&](const auto& one) {
    return !configuration.empty() && one.file.configuration == configuration.native();
  });
  if (fits != found.end()) return {target_of(fits->file), {}};
  if (found.size() == 1 || (!found.empty() && !configuration.empty())) return {target_of(found.front().file), {}};
  if (found.size() > 1) {
    std::string all;
    for (const auto& one : found) all += (all.empty() ? "" : ", ") + one.file.configuration;
    return {{}, "several programs run, with " + all + ": name one by -c"};
  }
  std::string sentence =
      configuration.empty() ? "no relay of this user runs" : "no relay runs with " + configuration.native();
  if (left != 0) {
    sentence += "; " + std::to_string(left) + (left == 1 ? " was" : " were") + " killed, and what " +
                (left == 1 ? "it" : "they") + " left is removed";
  }
  return {{}, sentence + faults + "; start it by `tributary run`, or say where it is by --url"};
}

Response ask(const AskedProgram& target, const std::string& method, const std::string& path,
             std::chrono::milliseconds timeout) {
  net::HttpRequest request;
  request.method = method;
  request.url = target.url + path;
  request.timeout = timeout;
  if (method == "POST") request.headers.emplace_back("Content-Length", "0");
  return exchange(target, std::move(request), {});
}

Response follow(const AskedProgram& target, const std::string& path, const std::function<bool(std::string_view)>& take,
                std::chrono::milliseconds timeout) {
  net::HttpRequest request;
  request.url = target.url + path;
  request.timeout = timeout;
  return exchange(target, std::move(request), take);
}

}  // namespace tributary::admin
