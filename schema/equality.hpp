#pragma once

#include <simdjson.h>

#include <cstdint>

#include "schema/document.hpp"

namespace tributary::schema {

// JSON values as JSON Schema compares them: numbers by value, objects without order. Each step down is taken off
// `steps`; at zero the answer is false and means nothing. Thread: any.
bool equal_values(const Document& a_document, simdjson::dom::element a, const Document& b_document,
                  simdjson::dom::element b, std::uint64_t& steps);

// Whether no two items are equal; n log n. Thread: any.
bool all_different(const Document& document, simdjson::dom::array items, std::uint64_t& steps);

}  // namespace tributary::schema
