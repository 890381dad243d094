// What a program needs to run on a host without /proc, such as an empty chroot.
#ifndef NITAL_BARE_HOST_H
#define NITAL_BARE_HOST_H

// The number of arguments of the process, its name included; 0 where the C library does not tell.
int nital_argument_count(void);

// Argument number `index` of `nital_argument_count()`.
const char *nital_argument(int index);

#endif
