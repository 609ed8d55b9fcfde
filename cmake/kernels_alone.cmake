# SPDX-License-Identifier: GPL-3.0-or-later
# What the kernels need where GNU Radio is not: VOLK, a Python interpreter, and where Python
# modules go. LWMSPECTRO_PYTHON is the interpreter whose version the module is built for.
find_package(Volk REQUIRED)
if(DEFINED LWMSPECTRO_PYTHON)
    set(Python_EXECUTABLE "${LWMSPECTRO_PYTHON}")
    set(PYTHON_EXECUTABLE "${LWMSPECTRO_PYTHON}")
endif()
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
set(PYTHON_EXECUTABLE "${Python_EXECUTABLE}")
if(NOT DEFINED GR_PYTHON_DIR)
    set(GR_PYTHON_DIR
        "${CMAKE_INSTALL_LIBDIR}/python${Python_VERSION_MAJOR}.${Python_VERSION_MINOR}/site-packages")
endif()
