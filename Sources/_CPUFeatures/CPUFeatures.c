// _CPUFeatures is a header alone; a C target needs one source file.
#include "_CPUFeatures.h"
