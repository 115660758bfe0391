# SPDX-License-Identifier: GPL-2.0-only
# Teaches Kbuild (6.12) to compile C++: a .cpp is as good a source of an object as a .c, with dependency tracking,
# objtool and modpost. Include it from a Kbuild file and list foo.o as usual; cxxflags-y adds flags. docs/cxx.md has
# the reasons at length.

# The C++ compiler that belongs to the kernel's C compiler: gcc, clang, x86_64-linux-gnu-gcc-12, ...
KCXX ?= $(patsubst clang%,clang++%,$(subst gcc,g++,$(CC)))

# The flags of a C compile, without those that must not reach C++:
#  -W*, -std=*    meant for C; but -Wp,-MMD feeds the dependency tracking, -Wa, the assembler, and the frame limit stays
#  -fplugin*      GCC plugins are built for the C compiler
#  -include ...   compiler_types.h makes `inline` gnu_inline, which for members means: never emitted; and no
#                 CONFIG_* reaches C++, which knows the configuration by layout.gen.h alone
#  -I*            no kernel header either
#  -g             pahole cannot digest C++ DWARF when module BTF is on, and then deletes the module
cxx-keep = $(filter -Wp$(comma)-MMD% -Wa$(comma)% -Wframe-larger-than=%,$(c_flags))
cxx-drop = -W% -std=% -I% -fplugin% -include %/compiler_types.h %/compiler-version.h %/kconfig.h \
	-fmin-function-alignment=% $(if $(CONFIG_DEBUG_INFO_BTF_MODULES),-g -gdwarf%)

cxx-language = -std=gnu++2b -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit \
	-fno-gnu-unique -fno-weak -fcheck-new -fno-sized-deallocation -fno-operator-names \
	$(if $(CONFIG_ARM64),-mno-outline-atomics)

cxx-warnings = -Wall -Wextra -Werror -Wundef -Wvla -Wnon-virtual-dtor -Woverloaded-virtual -Wsuggest-override \
	-Wmissing-declarations -Wimplicit-fallthrough=5 -Wdate-time

# libstdc++'s freestanding headers, found by asking the compiler (-nostdinc is in force). tools/std-stub has the one
# libc header that they look for.
cxx-headers := -isystem $(src)/tools/std-stub $(patsubst %,-isystem %,$(shell \
	$(KCXX) -xc++ -E -v /dev/null 2>&1 | sed -n 's,^ \(/.*c++/.*\),\1,p' | grep -v backward)) \
	-isystem $(shell $(KCXX) -print-file-name=include)

cxx_flags = $(cxx-keep) $(filter-out $(cxx-drop),$(c_flags)) $(cxx-language) \
	$(cxx-headers) $(cxx-warnings) $(cxxflags-y) $(CXXFLAGS_$(target-stem).o)

quiet_cmd_cxx_o_cpp = CXX $(quiet_modtag) $@
      cmd_cxx_o_cpp = $(KCXX) $(cxx_flags) -c -o $@ $< $(cmd_objtool)

# What a module cannot carry: weak, unique or common symbols (ld -r and COMDAT sections do not mix here), and global
# constructors, which nobody would run. KASAN's own _sub_[ID]_65535 ones are the kernel's business.
cmd_cxx_check = if $(NM) $@ | grep -E ' [uVWC] |_GLOBAL__sub_[ID]_' >&2; then \
	echo "error: $@: weak or common symbol, or global constructor" >&2; rm -f $@; false; fi

define rule_cxx_o_cpp
	$(call cmd_and_fixdep,cxx_o_cpp)
	$(call cmd,cxx_check)
	$(call cmd,gen_objtooldep)
endef

$(obj)/%.o: $(obj)/%.cpp FORCE
	$(call if_changed_rule,cxx_o_cpp)

# Sizes and constants of this kernel for C++: bridge/layout.c -> layout.s -> layout.gen.h.
$(obj)/bridge/layout.gen.h: $(obj)/bridge/layout.s FORCE
	$(call filechk,offsets,__IOMMUFD_CXX_LAYOUT_GEN_H__)
targets += bridge/layout.s bridge/layout.gen.h
clean-files += bridge/layout.s bridge/layout.gen.h
