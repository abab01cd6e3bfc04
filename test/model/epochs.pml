/*
 * The rule of epochs (packages/lease/PROTOCOL.md, section 8), small enough to look at every state: four voters, two directors, three
 * epochs, a lease of two ticks. Everything may happen at any time: a request is as long under way as it likes, a voter acts on the
 * next epoch when it likes or never, coordinators hear of it at once, which is the worst for the rule.
 *
 * SHAPE: 1 voters are added, 2 removed, 3 one is removed and another one added, 4 two are exchanged at once.
 * Mistakes: NO_WAIT, NO_REPORT (the commit), DROP (grants end with the epoch), LOWER (votes in lower epochs), BACK (a start forgets
 * the epoch that was reported). With one of them, and with shape 4, two directors must be found that hold the lease at once.
 */
#define VOTERS 4
#define LEASE 2
#define NOBODY 0
#define NEVER 255

#if SHAPE == 1
#define SET(e) (e == 1 -> 3 : (e == 2 -> 7 : 15))
#elif SHAPE == 2
#define SET(e) (e == 1 -> 15 : (e == 2 -> 7 : 3))
#elif SHAPE == 3
#define SET(e) (e == 1 -> 7 : (e == 2 -> 5 : 13))
#else
#define SET(e) (e == 1 -> 7 : (e == 2 -> 12 : 12))
#endif
#define BIT(set, v) ((set >> v) & 1)
#define SIZE(set) (BIT(set, 0) + BIT(set, 1) + BIT(set, 2) + BIT(set, 3))
#define MAJORITY(some, set) (2 * SIZE((some & set)) > SIZE(set))

byte now = 0;
byte committed = 1;
/* When the second epoch was committed, and when a majority of the first one's voters had reported it. */
byte committedAt = NEVER;
byte reportedAt = NEVER;
/* Voters: the epoch that each acts on, to whom its vote is lent and until when, and until when it is silent. */
byte epoch[VOTERS] = 1;
byte lentTo[VOTERS] = NOBODY;
byte lentUntil[VOTERS] = 0;
byte silentUntil[VOTERS] = 0;
byte starts = 0;
/* Directors 1 and 2: the epoch that each acts on; its last send, who granted it, and what it believes. */
byte acts[3] = 1;
byte sentIn[3] = 0;
byte sentAt[3] = 0;
byte granted[3] = 0;
byte deadline[3] = 0;

byte reporters;

#ifdef LOWER
#define LENDS_IN(e, own) (e <= own)
#else
#define LENDS_IN(e, own) (e == own)
#endif

inline report() {
  reporters = (epoch[0] >= 2) + 2 * (epoch[1] >= 2) + 4 * (epoch[2] >= 2) + 8 * (epoch[3] >= 2);
  if
  :: committed >= 2 && reportedAt == NEVER && MAJORITY(reporters, SET(1)) -> reportedAt = now
  :: else
  fi;
  reporters = 0
}

inline adopt(v) {
  if
  :: epoch[v] < committed -> epoch[v] = epoch[v] + 1
  :: epoch[v] + 1 < committed -> epoch[v] = committed
  fi;
#ifdef DROP
  lentTo[v] = NOBODY; lentUntil[v] = 0;
#endif
  report()
}

inline restart(v) {
  starts++;
  lentTo[v] = NOBODY; lentUntil[v] = 0; silentUntil[v] = now + LEASE;
#ifdef BACK
  epoch[v] = 1
#endif
}

inline lend(v, d) {
  if
  :: lentUntil[v] < now + LEASE -> lentUntil[v] = now + LEASE
  :: else
  fi;
  lentTo[v] = d;
  granted[d] = granted[d] | (1 << v);
  if
  :: MAJORITY(granted[d], SET(sentIn[d])) && deadline[d] < sentAt[d] + LEASE -> deadline[d] = sentAt[d] + LEASE
  :: else
  fi
}

#define MAY_LEND(v, d) \
  (sentIn[d] != 0 && LENDS_IN(sentIn[d], epoch[v]) && BIT(SET(sentIn[d]), v) && !BIT(granted[d], v) && \
   now >= silentUntil[v] && (lentTo[v] == d || lentUntil[v] <= now))

#ifdef NO_WAIT
#define MAY_COMMIT (reportedAt != NEVER)
#elif defined(NO_REPORT)
#define MAY_COMMIT (now >= committedAt + LEASE)
#else
#define MAY_COMMIT (reportedAt != NEVER && now >= reportedAt + LEASE)
#endif

active proctype cluster() {
  byte v, d;
  do
  :: atomic { now < END -> now++ }
  :: atomic { committed == 1 -> committed = 2; committedAt = now }
  :: atomic { committed == 2 && MAY_COMMIT -> committed = 3 }
  :: atomic {
       select(v : 0 .. 3);
       if
       :: epoch[v] < committed -> adopt(v)
       :: starts < STARTS -> restart(v)
       :: else
       fi;
       v = 0
     }
  :: atomic {
       select(d : 1 .. 2);
       if
       :: acts[d] < committed -> acts[d] = acts[d] + 1
       :: sentIn[d] = acts[d]; sentAt[d] = now; granted[d] = 0
       fi;
       d = 0
     }
  :: atomic {
       select(v : 0 .. 3); select(d : 1 .. 2);
       if
       :: MAY_LEND(v, d) -> lend(v, d)
       :: else
       fi;
       v = 0; d = 0;
       assert(!(deadline[1] > now && deadline[2] > now))
     }
  od
}
