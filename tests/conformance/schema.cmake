# The validator against the JSON-Schema-Test-Suite and against the Python package jsonschema.
foreach(program schema_suite schema_check)
  add_executable(${program} "${CMAKE_CURRENT_LIST_DIR}/${program}.cpp")
  target_link_libraries(${program} PRIVATE tributary_schema nlohmann_json::nlohmann_json)
endforeach()
