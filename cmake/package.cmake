# What is installed beside the program, and the .deb that CPack makes of it: `make package`. Manual pages, completions, the
# reference and the list of libraries are made by the program that was just built, so that they cannot differ from it.
include(GNUInstallDirs)
set(made ${PROJECT_BINARY_DIR}/made)

# tributary_made(FILE COMMAND...): FILE in the build tree is what the command prints; `.gz` is compressed.
function(tributary_made file)
  cmake_path(GET file PARENT_PATH folder)
  file(MAKE_DIRECTORY ${made}/${folder})
  if(file MATCHES "\\.gz$")
    set(compress | gzip --best --no-name)
  endif()
  add_custom_command(OUTPUT ${made}/${file} COMMAND ${ARGN} ${compress} > ${made}/${file} DEPENDS tributary)
  set_property(GLOBAL APPEND PROPERTY tributary_made_files ${made}/${file})
endfunction()

tributary_made(man1/tributary.1.gz $<TARGET_FILE:tributary> man tributary)
tributary_made(man5/tributary.yaml.5.gz $<TARGET_FILE:tributary> man tributary.yaml)
tributary_made(bash/tributary $<TARGET_FILE:tributary> completion bash)
tributary_made(zsh/_tributary $<TARGET_FILE:tributary> completion zsh)
tributary_made(fish/tributary.fish $<TARGET_FILE:tributary> completion fish)
tributary_made(doc/reference.yaml $<TARGET_FILE:tributary> schema reference)
tributary_made(doc/sbom.spdx.json ${PROJECT_SOURCE_DIR}/deploy/package/sbom $<TARGET_FILE:tributary> ${PROJECT_VERSION})
tributary_made(doc/changelog.gz cat ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
get_property(made_files GLOBAL PROPERTY tributary_made_files)
add_custom_target(package_files DEPENDS ${made_files})

# A build for tests alone makes none of them.
install(FILES ${made}/man1/tributary.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT package)
install(FILES ${made}/man5/tributary.yaml.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT package)
install(FILES ${made}/bash/tributary DESTINATION share/bash-completion/completions COMPONENT package)
install(FILES ${made}/zsh/_tributary DESTINATION share/zsh/vendor-completions COMPONENT package)
install(FILES ${made}/fish/tributary.fish DESTINATION share/fish/vendor_completions.d COMPONENT package)
install(DIRECTORY ${made}/doc/ DESTINATION share/doc/tributary COMPONENT package)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/tributary RENAME copyright COMPONENT package)
# As they stand here, so that the links between them hold; `make install` installs the same.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS deploy/package/documents)
file(STRINGS deploy/package/documents patterns)
list(TRANSFORM patterns PREPEND ${PROJECT_SOURCE_DIR}/)
file(GLOB documents RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS ${patterns})
foreach(document ${documents})
  cmake_path(GET document PARENT_PATH folder)
  install(FILES ${PROJECT_SOURCE_DIR}/${document} DESTINATION share/doc/tributary/${folder} COMPONENT package)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/deploy/systemd/tributary.service DESTINATION lib/systemd/system COMPONENT package)
install(FILES ${PROJECT_SOURCE_DIR}/deploy/systemd/tributary.sysusers DESTINATION lib/sysusers.d RENAME tributary.conf
  COMPONENT package)
install(FILES ${PROJECT_SOURCE_DIR}/deploy/systemd/tributary.tmpfiles DESTINATION lib/tmpfiles.d RENAME tributary.conf
  COMPONENT package)
install(FILES ${PROJECT_SOURCE_DIR}/deploy/package/tributary.yaml DESTINATION /etc/tributary COMPONENT package)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tributary)
set(CPACK_PACKAGE_CONTACT "Tributary's maintainers <maintainers@tributary.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/package)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "It holds a websocket to each upstream (StreamElements, DLive, OHA, Stagecast, Users), turns what comes into one canonical
kind of event, and delivers it to Kafka, files, or back out to a channel. The service is tributary.service; it starts
with an empty configuration.")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "ca-certificates, procps, systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# Everything in /etc is the operator's: a package that replaces it asks first.
file(WRITE ${PROJECT_BINARY_DIR}/conffiles "/etc/tributary/tributary.yaml\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/conffiles
  ${PROJECT_SOURCE_DIR}/deploy/package/postinst ${PROJECT_SOURCE_DIR}/deploy/package/prerm
  ${PROJECT_SOURCE_DIR}/deploy/package/postrm)
include(CPack)
