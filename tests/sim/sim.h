/* sim.h: a house and its orgs in one process: the real push lanes, nights, Salesforce client and
 * ledger against orgsim's library, over a network and a clock that are simulated, so that hours
 * take milliseconds and one seed repeats everything: what people do, what the network does to it,
 * in which order, and where the process dies.
 *
 *     net.c     the network: what happens to a request and to its answer
 *     house.c   the process: start, turn, crash, stop; its disk is the `mem` store
 *     people.c  who acts: recipients, admins here, admins in the orgs
 *     truth.c   what is true in the orgs and since when, read past the API
 *     oracle.c  the promises, checked all the time
 *     sim.c     one seed from the beginning to quiet
 *
 * One thread. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "base/base.h"

#include "app/push_lane.h"
#include "app/sync_look.h"
#include "app/worker.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/rng.h"
#include "base/time.h"
#include "org/org.h"
#include "store/store.h"

#include "crashing_store.h"

enum {
	SIM_ORGS_MAX = 2,
	SIM_RECORDS_MAX = 32, /* per org, those made on the way included */
	SIM_OPS_MAX = 56,
	SIM_ACKS_MAX = 128,
	SIM_WHY_MAX = 512,
};

typedef struct Sim Sim;

/* ------------------------------------------------------------------- truth */

enum { SIM_FIELDS = 2 }; /* Email Opt Out, the sales field */

/* A record as it is in its org, read past the API, and since when. */
typedef struct SimRecord {
	SfId sfid;
	char email[LEDGER_NAME_BYTES_MAX]; /* as in the org; "" for none */
	int64_t email_since_ms;
	bool ticked[SIM_FIELDS];
	int64_t ticked_ms[SIM_FIELDS]; /* last moment at which the box was seen ticked; 0: never */
	int64_t ticked_since_ms[SIM_FIELDS]; /* ticked without a break since then */
	bool is_deleted, is_converted;
	bool was_deleted; /* once, even if it is back */
	/* When somebody in the org, or a setting here, last made a clear box right: a night that
	 * begins later must see to it. */
	int64_t excused_ms;
} SimRecord;

typedef struct SimOrg {
	Sim *sim;
	size_t index;
	Org *org; /* own */
	char url[64];
	SfId org_id;
	int64_t key; /* in the ledger */
	SimRecord records[SIM_RECORDS_MAX];
	size_t record_count;
	bool ticked_before[SIM_RECORDS_MAX][SIM_FIELDS]; /* the call that is being looked at */
	int64_t day_began_ms, day_calls;
	int calls_over;         /* of nights, one after the other, beyond their share */
	bool is_blind;          /* Email Opt Out is hidden from the API just now */
	int64_t night_began_ms; /* of the newest night that came to its end */
	int64_t run_seen;       /* newest run that was looked at */
} SimOrg;

void truth_look(SimOrg *org); /* after anything may have changed */
SimRecord *truth_find(SimOrg *org, const SfId *sfid);
SimOrg *truth_org(Sim *sim, int64_t key);
void truth_excuse_all(SimOrg *org);
/* POSTs JSON to an org's control port; a refusal is a mistake of the simulation. */
void truth_control(SimOrg *org, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ----------------------------------------------------------------- network */

typedef enum NetFate {
	NET_WELL,
	NET_NO_CONNECTION, /* certainly not sent */
	NET_LOST,          /* the request never arrives */
	NET_ANSWER_LOST,   /* it is applied, nobody hears of it */
	NET_LATE,          /* it arrives long after the caller gave up */
	NET_TWICE,         /* it arrives twice before it is answered */
	NET_ANSWER_TWICE,  /* the caller hears of it twice */
	NET_THROTTLED,     /* 503 with Retry-After, in place of an answer */
	NET_HTML,          /* a page in place of an answer, with status 200 */
	NET_CUT,           /* the answer's body is cut, its head says nothing of it */
	NET_FATES,
} NetFate;

const char *net_fate_name(NetFate fate);

/* A night waits for its answers and lets the world go on meanwhile; lanes only look. */
enum { NET_NIGHT = -1 };

typedef struct SimNet {
	OrgNet net;
	Sim *sim;
	List calls; /* on their way, oldest first */
	uint64_t next_id;
	unsigned fault_percent;
	SeededRng rng;
	int opener;       /* the lane that is turned just now, or NET_NIGHT */
	bool is_draining; /* everybody waits */
	/* One call that is chosen by its number: 1 is the next one, 0 none. */
	int64_t strike_in;
	NetFate strike_fate;
	bool strike_kills;           /* the process dies before that call is sent */
	const HttpRequest *arriving; /* what an org works on just now */
} SimNet;

void net_init(SimNet *net, Sim *sim, uint64_t seed);
void net_fini(SimNet *net);
/* When something arrives at an org next; INT64_MAX: never. */
int64_t net_next_ms(const SimNet *net);
/* Lets the calls arrive whose time has come. */
void net_deliver(SimNet *net);
/* Earliest moment at which a lane hears something: an answer, or that there is none. */
int64_t net_lane_next_ms(const SimNet *net, int lane);

/* ------------------------------------------------------------------- house */

typedef struct House {
	Sim *sim;
	Store *disk;   /* own; what a crash leaves */
	Store *reader; /* own if it is not the disk itself */
	CrashingStore store;
	Keyring keyring;
	Config config;
	SeededRng rng, keys;
	WorkerOptions options;
	bool is_up;
	Writer *writer;
	int64_t writer_due_ms; /* INT64_MAX: nothing waits */
	PushLane *lanes[SIM_ORGS_MAX];
	int64_t lane_due_ms[SIM_ORGS_MAX];
	StopSwitch stop;
	bool is_looking; /* a night may be on the stack */
	int64_t look_due_ms;
	bool wants_stop; /* a clean one, when nothing is on the stack */
	int starts;
} House;

void house_init(House *house, Sim *sim, uint64_t seed);
void house_fini(House *house);
void house_start(House *house);
void house_stop(House *house); /* as SIGTERM: calls under way may end */
void house_bury(House *house); /* after a crash */
/* The process dies now: nothing reaches the disk or the network any more. */
void house_crash(House *house);
bool house_is_dead(const House *house);
void house_wake_push(House *house);
void house_wake_sync(House *house);
int64_t house_next_ms(const House *house);
void house_turn(House *house); /* whatever is due */

/* ------------------------------------------------------------------ people */

typedef enum OpKind {
	OP_CLICK,   /* a one-click unsubscribe of a person */
	OP_STRANGE, /* one of an address nobody knew */
	OP_IMPORT,  /* a person with a record */
	OP_REMOVE,  /* an admin takes an unsubscribe away */
	OP_MODE,
	OP_SWITCH,
	OP_NOW, /* "Sync now" */
	OP_DRY,
	OP_TICK, /* in the org, by hand */
	OP_UNTICK,
	OP_UNTICK_AND_REMOVE, /* a resubscribe done right */
	OP_EMAIL,
	OP_DELETE,
	OP_UNDELETE,
	OP_CONVERT,
	OP_CREATE,
	OP_HIDE, /* Email Opt Out by field-level security, for a while */
	OP_EXPIRE,
	OP_REFUSE, /* the next writes of a record fail */
	OP_OUTAGE, /* maintenance, read-only or the day's calls used up, for a while */
	OP_CRASH,
	OP_STOP,
	OP_KINDS,
} OpKind;

const char *op_name(OpKind kind);

/* What goes by in time. */
typedef enum Trouble { TROUBLE_BLIND, TROUBLE_OUTAGE, TROUBLE_HELD_RUN, TROUBLES } Trouble;

typedef struct Op {
	OpKind kind;
	int64_t at_ms;
	uint64_t random[3];
	bool is_left_out; /* while a failure is made small */
} Op;

void people_settle_in(Sim *sim); /* the world before the first op */
void people_plan(Sim *sim);      /* fills sim->ops */
void people_do(Sim *sim, const Op *op);
/* Trouble that an op brought has an end. */
int64_t people_next_ms(const Sim *sim);
void people_end_trouble(Sim *sim);
void people_end_all_trouble(Sim *sim);
/* Whoever is to approve a held run, does so some time later. */
void people_see_held_runs(Sim *sim);
void people_tick_one(Sim *sim);
void people_sync_all(Sim *sim); /* switch on, "Sync now"; held runs are approved at once */

/* ------------------------------------------------------------------ oracle */

enum {
	MODEL_PEOPLE_MAX = 160,
	MODEL_RECORDS_MAX = SIM_ORGS_MAX * SIM_RECORDS_MAX,
	MODEL_ADDRESSES_MAX = 160,
	MODEL_NODES_MAX = MODEL_PEOPLE_MAX + MODEL_RECORDS_MAX + MODEL_ADDRESSES_MAX,
};

/* An unsubscribe that was answered with success. */
typedef struct Ack {
	int64_t person_id, event_id;
} Ack;

typedef struct ModelPerson {
	bool is_unsubscribed;
	int64_t unsubscribed_ms; /* last moment at which it was seen so; 0: never */
	int64_t removed_ms;      /* last removal that was completed, 0: never */
	int64_t wished_ms;       /* last stop wish of a person, answered or not */
	int64_t removal_asked_ms;
	int64_t linked_since_ms[MODEL_RECORDS_MAX]; /* 0: never */
} ModelPerson;

/* What must be, by what was asked for and what is true. */
typedef struct Model {
	Ack acks[SIM_ACKS_MAX];
	size_t ack_count;
	int64_t removals_asked;               /* answered or not */
	ModelPerson people[MODEL_PEOPLE_MAX]; /* by person_id */
	int64_t person_count;
	int64_t mode_changed_ms;
	/* Everything that ever had to do with each other: people, records, addresses. */
	size_t ties[MODEL_NODES_MAX];
	char addresses[MODEL_ADDRESSES_MAX][LEDGER_NAME_BYTES_MAX];
	size_t address_count;
	int64_t commits_seen;
	Arena arena;
} Model;

void oracle_begin(Sim *sim);
/* A call is about to reach an org, and has reached it. */
void oracle_before_call(SimOrg *org, bool is_night, Str path);
void oracle_after_call(SimOrg *org);
/* Between any two events. */
void oracle_check(Sim *sim);
void oracle_check_runs(Sim *sim);
/* Nobody acts any more, a night has come to its end, all pushes had their time. */
void oracle_check_quiet(Sim *sim);
/* And another night found nothing to do. */
void oracle_check_nothing_left(Sim *sim);

/* --------------------------------------------------------------------- sim */

struct Sim {
	uint64_t seed;
	const char *folder; /* of plans and spools */
	const char *url;    /* of the house's store; NULL: "mem:" */
	Clock clock;
	int64_t now_ms;
	int64_t begin_ms;
	SimOrg orgs[SIM_ORGS_MAX];
	size_t org_count;
	SimNet net;
	House house;
	Op ops[SIM_OPS_MAX];
	size_t op_count, next_op;
	int64_t trouble_ends_ms[SIM_ORGS_MAX][TROUBLES]; /* INT64_MAX: none */
	Model model;
	SeededRng rng; /* of the people */
	bool is_quiet;
	int64_t asked_ms; /* when the last runs of all orgs were asked for */
	bool is_talking;  /* tells what happens */
	bool has_failed;
	char why[SIM_WHY_MAX];
	int64_t steps;
};

/* Goes on until then, or until the house dies or the failure is found; returns early when *wake. */
void sim_run(Sim *sim, int64_t until_ms, const bool *wake);
void sim_fail(Sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_say(Sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
