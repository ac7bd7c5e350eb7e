#pragma once

#include <string>
#include <string_view>

#include "admin/process.hpp"
#include "admin/snapshot.hpp"

namespace tributary::admin {

/// The `Content-Type` of `metrics_text`.
constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

/// What `GET /metrics` answers: the snapshot in the text format of Prometheus, all of admin/vocabulary.hpp's metrics
/// that it has a value for. Pure.
std::string metrics_text(const Snapshot& snapshot, const ProcessView& process);

}  // namespace tributary::admin
