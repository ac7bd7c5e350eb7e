# The validator's sources, and event/schemas/*.json as a source file: `embedded_schema("event.schema.json")`.
file(GLOB tributary_schema_files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/schemas/*.json")
set(tributary_schema_source "${CMAKE_CURRENT_BINARY_DIR}/embedded_schemas.cpp")
set(tributary_schema_code "// Made by event/schemas.cmake from event/schemas/*.json.\n#include \"event/embedded_schemas.hpp\"\n\n")
string(APPEND tributary_schema_code "namespace tributary::event {\n\nstd::string_view embedded_schema(std::string_view file) {\n")
foreach(file IN LISTS tributary_schema_files)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" text)
  string(APPEND tributary_schema_code "  if (file == \"${name}\") {\n    return R\"schema(${text})schema\";\n  }\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
endforeach()
string(APPEND tributary_schema_code "  return {};\n}\n\n}  // namespace tributary::event\n")
file(WRITE "${tributary_schema_source}.new" "${tributary_schema_code}")
configure_file("${tributary_schema_source}.new" "${tributary_schema_source}" COPYONLY)  # only when it differs

target_sources(tributary_event PRIVATE
  document.cpp equality.cpp format_kinds.cpp formats.cpp pattern.cpp pattern_translation.cpp schema.cpp schema_compiler.cpp
  schema_program.cpp schema_references.cpp uri_reference.cpp validator.cpp violation_text.cpp
  "${tributary_schema_source}")

if(TRIBUTARY_BENCHMARKS)
  add_executable(validator_benchmark validator_benchmark.cpp)
  target_link_libraries(validator_benchmark PRIVATE tributary_event benchmark::benchmark)
endif()
