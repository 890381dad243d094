#include "_BareHost.h"

#include <stdlib.h>
#include <unistd.h>

static int argument_count;
static char **arguments;

// Priority 101 comes before every static initialiser of C++. glibc passes the arguments of main.
//
// Before main, the Swift run time looks for the folder of its crash reporter by /proc/self/exe and
// ends the process when there is none; told of a root folder, it does not look. Later it reads the
// arguments from /proc/self/cmdline, so they are kept here.
__attribute__((constructor(101))) static void begin(int argc, char **argv, char **environment) {
  (void)environment;
#if defined(__GLIBC__)
  argument_count = argc;
  arguments = argv;
#else
  (void)argc;
  (void)argv;
#endif
  if (access("/proc/self/exe", F_OK) != 0) setenv("SWIFT_ROOT", "/", 0);
}

int nital_argument_count(void) { return argument_count; }

const char *nital_argument(int index) { return arguments[index]; }
