#include "connectors/link/backfill.hpp"

#include <ctime>

#include "net/http_reply.hpp"

namespace tributary::connectors {
namespace {

std::string_view status_words(int status) {
  constexpr int unauthorized = 401, forbidden = 403, not_found = 404, too_many = 429, fault_of_server = 500;
  constexpr int redirect = 300, bad = 400;
  switch (status) {
    case unauthorized:
      return "the API does not accept the token of this connector";
    case forbidden:
      return "the token of this connector may not read what was missed";
    case not_found:
      return "there is nothing at that address: look at `api_url`";
    case too_many:
      return "the API was asked too often";
    default:
      break;
  }
  if (status >= fault_of_server) return "the API is out of order";
  if (status >= redirect && status < bad) return "the API is somewhere else: look at `api_url`";
  return "the API does not understand the question";
}

std::string_view code_of(int status) {
  constexpr int unauthorized = 401, forbidden = 403, too_many = 429, fault_of_server = 500;
  if (status == unauthorized || status == forbidden) return "refused";
  if (status == too_many) return "rate_limited";
  return status >= fault_of_server ? "unreachable" : "wrong_answer";
}

std::chrono::seconds wait_asked_for(const net::HttpAnswer& answer, const event::Now& now) {
  const auto since_1970 = std::chrono::duration_cast<std::chrono::seconds>(now.wall.time_since_epoch());
  return std::chrono::seconds(net::retry_after_seconds(net::header_value(answer.headers, "Retry-After"),
                                                       static_cast<std::time_t>(since_1970.count())));
}

}  // namespace

BackfillAnswer refusal(const net::HttpAnswer& answer, std::string_view said, const event::Now& now) {
  constexpr int too_many = 429, fault_of_server = 500;
  BackfillAnswer judged;
  judged.fault = "HTTP " + std::to_string(answer.status) + ": " + std::string(status_words(answer.status));
  judged.code = code_of(answer.status);
  if (answer.status == too_many || answer.status >= fault_of_server) {
    const auto wait = wait_asked_for(answer, now);
    if (wait <= longest_retry_after) {
      judged.again = wait;
    } else {
      judged.fault += " and wants to be left alone for " + std::to_string(wait.count()) + " s, which is too long";
    }
  }
  if (!said.empty()) judged.fault.append("; it says: ").append(said);
  return judged;
}

BackfillAnswer unexpected(std::string_view what) {
  BackfillAnswer judged;
  judged.fault = "the answer is " + std::string(what);
  judged.code = "wrong_answer";
  return judged;
}

}  // namespace tributary::connectors
