/* planted.h: bugs on purpose, to show that the tests would notice them. `meson -Dplanted=NAME` puts
 * one in; in every other build PLANTED is the constant 0 and leaves no code. scripts/planted builds
 * each and wants it noticed (doc/reliability.md). */
#ifndef BASE_PLANTED_H
#define BASE_PLANTED_H

#include "base/base.h"

/* The choices of meson_options.txt. */
typedef enum Planted {
	PLANTED_NONE,
	PLANTED_ANSWER_BEFORE_COMMIT,
	PLANTED_UNION_WITHOUT_OTHERS,
	PLANTED_REMOVAL_IGNORES_IN_FLIGHT,
	PLANTED_TIMEOUT_IS_DONE,
	PLANTED_STALE_READ_APPLIED,
	PLANTED_PAGE_SKIPPED,
	PLANTED_NOT_FOUND_IS_NO,
	PLANTED_NO_RECHECK,
	PLANTED_SYNCHRONOUS_NORMAL,
} Planted;

#ifdef OPTOUT_PLANTED
/* planted.c alone is compiled with the number, so that another bug costs one file and a link. */
extern const Planted planted_bug;
#define PLANTED(name_) (planted_bug == PLANTED_##name_)
#else
#define PLANTED(name_) 0
#endif

#endif
