#ifndef NITAL_CPNG_H
#define NITAL_CPNG_H
#endif
