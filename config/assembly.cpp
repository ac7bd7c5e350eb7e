#include "config/assembly.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>
#include <variant>

#include "config/file_words.hpp"
#include "config/spelling.hpp"
#include "config/syntax.hpp"
#include "config/variable.hpp"

namespace tributary::config {
namespace {

constexpr std::size_t include_limit = 1'000;
constexpr std::size_t include_depth = 16;

// The bytes of a file, at most one more than file_limit; or why not. Only the main file may be a pipe.
std::variant<std::string, std::error_code> slurp(const std::filesystem::path& file, bool main) {
  const auto failed = [] { return std::error_code(errno, std::generic_category()); };
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | (main ? 0 : O_NONBLOCK));
  if (descriptor < 0) return failed();
  struct stat status {};
  std::variant<std::string, std::error_code> result;
  if (::fstat(descriptor, &status) != 0) {
    result = failed();
  } else if (S_ISDIR(status.st_mode)) {
    result = std::make_error_code(std::errc::is_a_directory);
  } else if (!main && !S_ISREG(status.st_mode)) {
    result = std::make_error_code(std::errc::invalid_argument);
  } else {
    std::string text;
    std::array<char, 16'384> block{};
    while (text.size() <= file_limit) {
      const ssize_t count = ::read(descriptor, block.data(), block.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        result = failed();
        break;
      }
      if (count == 0) break;
      text.append(block.data(), static_cast<std::size_t>(count));
    }
    if (std::holds_alternative<std::string>(result)) result = std::move(text);
  }
  ::close(descriptor);
  return result;
}

std::filesystem::path true_path(const std::filesystem::path& file) {
  std::error_code ignored;
  auto path = std::filesystem::weakly_canonical(file, ignored);
  return path.empty() ? file : path;
}

bool has_wildcard(std::string_view pattern) { return pattern.find_first_of("*?[") != std::string_view::npos; }

std::vector<std::filesystem::path> matches(const std::string& pattern) {
  std::vector<std::filesystem::path> files;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  return files;
}

// The nearest folder above that has no wildcard in its own name: what comes and goes for the pattern changes it.
std::filesystem::path folder_of_pattern(const std::filesystem::path& pattern) {
  auto folder = pattern.parent_path();
  while (has_wildcard(folder.native())) folder = folder.parent_path();
  return folder.empty() ? "." : folder;
}

bool is_named(std::string_view key) { return key == "connectors" || key == "sinks"; }

}  // namespace

std::variant<std::string, std::error_code> Assembly::content_of(const std::filesystem::path& file, bool main) {
  auto content = slurp(file, main);
  sources_.paths.push_back(file);
  const auto* text = std::get_if<std::string>(&content);
  const std::size_t one = text == nullptr ? 1 : std::hash<std::string>{}(*text);
  sources_.digest = sources_.digest * 0x9E3779B97F4A7C15U + std::hash<std::string>{}(file.native()) * 31 + one;
  return content;
}

void Assembly::add_main(const std::filesystem::path& file) {
  auto content = content_of(file, true);
  if (const auto* text = std::get_if<std::string>(&content)) {
    add_text(*text, file, true);
    return;
  }
  const auto number = report_.add_file(file.string(), file.parent_path());
  report_.fault({number, 0, 0}, {}, "cannot be read: " + file_words(std::get<std::error_code>(content).value()));
  complete_ = false;
}

void Assembly::add_main(std::string_view text, const std::filesystem::path& name) { add_text(text, name, true); }

void Assembly::add_text(std::string_view text, const std::filesystem::path& name, bool main) {
  const auto number = report_.add_file(name.string(), name.parent_path());
  Node document;
  document.mark = {number, 1, 1};
  if (!parse(text, number, report_, spent_, document)) {
    complete_ = false;
    return;
  }
  if (main && document.kind == Node::Kind::null) {
    report_.fault({number, 1, 1}, {}, "the file is empty; expected at least `version: 1`");
    complete_ = false;
    return;
  }
  if (document.kind != Node::Kind::map && document.kind != Node::Kind::null) {
    const auto hint = document.quoted ? std::string() : colon_hint(document.text);
    report_.fault(document.mark, {},
                  hint.empty() ? "expected a map of keys such as `version: 1`, found " + found(document) : hint);
    complete_ = false;
    return;
  }
  if (main) {
    root_.kind = Node::Kind::map;
    root_.mark = {number, 1, 1};
  } else if (const Entry* version = document.find("version"); version != nullptr && version->value.text != "1") {
    report_.fault(version->place(), "version", "expected 1, found " + found(version->value));
  }
  open_.push_back(true_path(name));
  read_.push_back(open_.back());
  const Entry* include = document.find("include");
  const Node list = include == nullptr ? Node{} : include->value;
  std::erase_if(document.entries,
                [main](const Entry& entry) { return entry.key == "include" || (!main && entry.key == "version"); });
  if (main) {
    root_.entries = std::move(document.entries);
  } else {
    join(document);
  }
  if (list.kind != Node::Kind::null) follow(list, number);
  open_.pop_back();
}

void Assembly::follow(const Node& list, std::uint32_t file) {
  report_.place("include", list.mark);
  if (list.kind != Node::Kind::list) {
    report_.fault(list.mark, "include", "expected a list such as [connectors.d/*.yaml], found " + found(list));
    return;
  }
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Node& item = list.items[i];
    const std::string path = item_path("include", i);
    if (item.kind != Node::Kind::scalar || item.text.empty()) {
      report_.fault(item.mark, path, "expected a path or a pattern, found " + found(item));
    } else if (includes_ == Includes::refused) {
      report_.fault(item.mark, path, "includes are refused here");
    } else if (auto fault = tilde_fault(item.text); !fault.empty()) {
      report_.fault(item.mark, path, std::move(fault));
    } else {
      Node pattern = item;
      pattern.mark.file = file;
      follow(pattern, path);
    }
  }
}

void Assembly::follow(const Node& pattern, const std::string& path) {
  const auto full = report_.file(pattern.mark).directory / pattern.text;
  if (!has_wildcard(pattern.text)) {
    add_file(full, {pattern.mark, path});
    return;
  }
  sources_.paths.push_back(folder_of_pattern(full));
  const auto files = matches(full.string());
  if (files.empty()) report_.warn(pattern.mark, path, "no file matches " + quote(full.string()));
  for (const auto& file : files) add_file(file, {pattern.mark, path});
}

void Assembly::add_file(const std::filesystem::path& file, const Asked& asked) {
  const auto path = true_path(file);
  const auto refuse = [&](const std::string& message) {
    report_.fault(asked.mark, asked.path, message);
    complete_ = false;
  };
  if (const auto cycle = std::find(open_.begin(), open_.end(), path); cycle != open_.end()) {
    std::string way;
    for (auto step = cycle; step != open_.end(); ++step) way += step->filename().string() + " → ";
    report_.fault(asked.mark, asked.path, "files include each other: " + way + path.filename().string());
    return;
  }
  if (std::find(read_.begin(), read_.end(), path) != read_.end()) return;  // overlapping patterns: once is enough
  if (open_.size() >= include_depth) return refuse("includes nested deeper than " + std::to_string(include_depth));
  if (read_.size() >= include_limit) return refuse("more than " + std::to_string(include_limit) + " files");
  auto content = content_of(file, false);
  if (const auto* error = std::get_if<std::error_code>(&content)) {
    return refuse(quote(file.string()) + " cannot be read: " +
                  (*error == std::errc::invalid_argument ? "not a regular file" : file_words(error->value())));
  }
  add_text(std::get<std::string>(content), file, false);
}

void Assembly::join(Node& document) {
  for (auto& entry : document.entries) join(entry);
}

void Assembly::join(Entry& entry) {
  const auto known = std::find_if(root_.entries.begin(), root_.entries.end(),
                                  [&entry](const Entry& other) { return other.key == entry.key; });
  if (known == root_.entries.end()) {
    root_.entries.push_back(std::move(entry));
    return;
  }
  const bool joinable = is_named(entry.key) || entry.key == "routes";
  if (!joinable) {
    report_.fault(entry.mark, entry.key, quote(entry.key) + " is already set at " + report_.where(known->mark));
    return;
  }
  const auto expected = is_named(entry.key) ? Node::Kind::map : Node::Kind::list;
  if (entry.value.kind == Node::Kind::null) return;
  if (known->value.kind == Node::Kind::null) {
    known->value = std::move(entry.value);
  } else if (entry.value.kind != expected) {
    report_.fault(entry.place(), entry.key,
                  std::string(is_named(entry.key) ? "expected a map of names" : "expected a list of routes") +
                      ", found " + found(entry.value));
  } else if (known->value.kind != expected) {
    return;  // its own fault is the Reader's
  } else if (entry.key == "routes") {
    std::move(entry.value.items.begin(), entry.value.items.end(), std::back_inserter(known->value.items));
  } else {
    join_named(*known, entry);
  }
}

void Assembly::join_named(Entry& into, Entry& entry) {
  auto& names = names_[entry.key];
  if (names.empty()) {
    for (const auto& named : into.value.entries) names.emplace(named.key, named.mark);
  }
  for (auto& named : entry.value.entries) {
    if (const auto [first, fresh] = names.emplace(named.key, named.mark); !fresh) {
      report_.fault(named.mark, entry.key + "." + named.key,
                    quote(named.key) + " is already a name at " + report_.where(first->second));
    } else {
      into.value.entries.push_back(std::move(named));
    }
  }
}

}  // namespace tributary::config
