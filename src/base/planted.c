#include "base/base.h"

#include "base/planted.h"

const Planted planted_bug = OPTOUT_PLANTED_BUG;
