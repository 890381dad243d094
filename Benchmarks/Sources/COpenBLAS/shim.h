// OpenBLAS through its C interface.
#include <cblas.h>
