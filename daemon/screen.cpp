#include "daemon/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "text/printable.hpp"
#include "text/time.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_rows = 12;
constexpr std::size_t fewest_rows = 3;
/// The line with kcat above the events, what two listeners heard and the account below them; the first and the last
/// wrapped.
constexpr std::size_t rows_around = 10;
constexpr std::size_t most_fresh = 2'000;  ///< lines kept between two draws
constexpr std::size_t widest = 110;

std::string text_of(const nlohmann::json& data, const char* member) {
  const auto found = data.find(member);
  if (found == data.end()) return {};
  return text::printable(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string column(std::string text, std::size_t width) {
  std::size_t characters = 0;
  for (char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  if (characters < width) text.append(width - characters, ' ');
  return text + ' ';
}

struct Size {
  std::size_t rows, columns;
};

/// Of the terminal; asked each time, since its window may be resized.
Size terminal_size() {
  struct winsize size {};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row != 0 && size.ws_col != 0;
  return known ? Size{size.ws_row, size.ws_col} : Size{24, 80};
}

}  // namespace

std::vector<std::string> broken(std::string_view line, std::size_t width) {
  std::vector<std::string> lines;
  while (line.size() > width) {
    const auto space = line.rfind(' ', width);
    const auto end = space == std::string_view::npos || space == 0 ? width : space;
    lines.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(line.size(), end + (end == space ? 1 : 0)));
  }
  lines.emplace_back(line);
  return lines;
}

std::string line_of(const event::Event& event) {
  const auto json = nlohmann::json::parse(event.json_text(), nullptr, false);
  if (json.is_discarded()) return {};
  const auto& data = json["data"];
  std::string amount = text_of(data, "amount");
  if (const auto currency = text_of(data, "currency"); !currency.empty()) amount += " " + currency;
  std::string line = text::to_text(event.received).substr(11, 12) + "  ";
  line += column(text_of(json, "type"), 24);
  const auto name = text_of(data, "displayName");
  line += column(name.empty() ? text_of(data, "username") : name, 18);
  line += column(amount, 12);
  line += text_of(data, "message");
  return text::printable(line, widest);
}

Screen::Screen(const std::vector<std::string>& introduction) : terminal_(::isatty(STDOUT_FILENO) == 1) {
  for (const auto& line : introduction) std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void Screen::add(const event::EventPtr& event) {
  std::string line = line_of(*event);
  const std::lock_guard lock(mutex_);
  if (fresh_.size() < most_fresh) {
    fresh_.push_back(std::move(line));
  } else {
    ++skipped_;
  }
}

void Screen::draw(const Account& account, const std::vector<std::string>& heard) {
  std::vector<std::string> fresh;
  std::uint64_t skipped = 0;
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(fresh_);
    skipped = std::exchange(skipped_, 0);
  }
  if (terminal_) return draw_in_place(account, heard, fresh);
  for (const auto& line : fresh) std::printf("%s\n", line.c_str());
  if (skipped != 0) std::printf("… and %llu more\n", static_cast<unsigned long long>(skipped));
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_account_) {
    next_account_ = now + 1s;
    for (const auto& line : heard) {
      if (std::find(heard_.begin(), heard_.end(), line) == heard_.end()) std::printf("%s\n", line.c_str());
    }
    heard_ = heard;
    std::printf("so far: %s\n", to_line(account).c_str());
  }
  std::fflush(stdout);
}

void Screen::draw_in_place(const Account& account, const std::vector<std::string>& heard,
                           const std::vector<std::string>& fresh) {
  const auto size = terminal_size();
  const std::size_t rows =
      std::clamp(size.rows > rows_around ? size.rows - rows_around : fewest_rows, fewest_rows, most_rows);
  newest_.insert(newest_.end(), fresh.begin(), fresh.end());
  while (newest_.size() > rows) newest_.pop_front();
  // A line that the terminal wraps by itself would not be gone back over: then each draw would scroll by one line, and
  // the line with kcat be lost. So wrapping is off meanwhile, and the account is broken here.
  std::string out = "\x1b[?7l";
  if (drawn_ != 0) out += "\x1b[" + std::to_string(drawn_) + "A";
  for (const auto& line : newest_) out += line + "\x1b[K\n";
  out += "\x1b[K\n";
  for (const auto& line : heard) out += line + "\x1b[K\n";
  const auto told = broken(to_line(account), size.columns);
  for (const auto& line : told) out += line + "\x1b[K\n";
  out += "\x1b[J\x1b[?7h";
  drawn_ = newest_.size() + 1 + heard.size() + told.size();
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

}  // namespace tributary::daemon
