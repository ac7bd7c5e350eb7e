# schema/documents/*.json as a source file: `embedded("event.schema.json")`.
file(GLOB tributary_schema_files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/documents/*.json")
set(tributary_schema_source "${CMAKE_CURRENT_BINARY_DIR}/embedded.cpp")
set(tributary_schema_code "// Made by schema/documents.cmake from schema/documents/*.json.\n#include \"schema/embedded.hpp\"\n\n")
string(APPEND tributary_schema_code "namespace tributary::schema {\n\nstd::string_view embedded(std::string_view file) {\n")
foreach(file IN LISTS tributary_schema_files)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" text)
  string(APPEND tributary_schema_code "  if (file == \"${name}\") {\n    return R\"schema(${text})schema\";\n  }\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
endforeach()
string(APPEND tributary_schema_code "  return {};\n}\n\n}  // namespace tributary::schema\n")
file(WRITE "${tributary_schema_source}.new" "${tributary_schema_code}")
configure_file("${tributary_schema_source}.new" "${tributary_schema_source}" COPYONLY)  # only when it differs

target_sources(tributary_schema PRIVATE "${tributary_schema_source}")
