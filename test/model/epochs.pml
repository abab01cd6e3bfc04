/*
 * The rule of epochs (packages/lease/PROTOCOL.md, section 8), small enough to look at every state: three or four voters, two directors,
 * three epochs. Times are kept as what is left of them, in ticks, so that there is no end of time and the states are finite: voters may start
 * anew, and directors ask, as often as they like. A request is as long under way as it likes; a voter acts on a later epoch when it likes,
 * or never; coordinators hear of it at once, which is the worst for the rule; a director asks in whatever epoch was committed.
 *
 * Left out: the drift of clocks, lease numbers, releases, lost disks, more than one request of a director under way.
 *
 * SHAPE: 1 voters are added, 2 removed, 3 one is removed and another one added, 4 two are exchanged at once.
 * Mistakes: NO_WAIT, NO_REPORT (the commit), DROP (grants end with the epoch), LOWER (votes in lower epochs), BACK (a start goes back to
 * the first epoch). With one of them, and with shape 4, two directors must be found that hold the lease at once.
 */
#ifndef LEASE
#define LEASE 2
#endif

#if SHAPE == 1
#define SET(e) (e == 1 -> 1 : (e == 2 -> 3 : 7))
#elif SHAPE == 2
#define SET(e) (e == 1 -> 7 : (e == 2 -> 3 : 1))
#elif SHAPE == 3
#define SET(e) (e == 1 -> 7 : (e == 2 -> 5 : 13))
#else
#define SET(e) (e == 1 -> 7 : 12)
#endif
#define BIT(set, v) ((set >> v) & 1)
#define SIZE(set) (BIT(set, 0) + BIT(set, 1) + BIT(set, 2) + BIT(set, 3))
#define MAJORITY(some, set) (2 * SIZE((some & set)) > SIZE(set))

/* Coordinators: the newest epoch; whether a majority of the first one's voters acts on the second; ticks until the third may come. */
byte committed = 1;
bit reported = 0;
byte wait = 0;
/* Voters: the epoch that each acts on; to whom its vote is lent, and for how long; how long it is silent. */
byte epoch[4] = 1;
byte lentTo[4] = 0;
byte lent[4] = 0;
byte silent[4] = 0;
/* Directors: the epoch of the request that is under way (0: none), its age and who granted it; how long the lease is believed in. */
byte sentIn[3] = 0;
byte age[3] = 0;
byte granted[3] = 0;
byte belief[3] = 0;

/* Within a step alone; 0 between two. */
byte v = 0, d = 0, acting = 0;

inline report() {
  acting = (epoch[0] >= 2) + 2 * (epoch[1] >= 2) + 4 * (epoch[2] >= 2) + 8 * (epoch[3] >= 2);
  if
  :: !reported && committed >= 2 && MAJORITY(acting, SET(1)) ->
       reported = 1;
#ifndef NO_REPORT
       wait = LEASE
#endif
  :: else
  fi;
  acting = 0
}

inline forget(d) { sentIn[d] = 0; age[d] = 0; granted[d] = 0 }

inline tick() {
  if :: wait > 0 -> wait-- :: else fi;
  for (v : 0 .. 3) {
    if :: lent[v] > 0 -> lent[v]-- :: else fi;
    if :: lent[v] == 0 -> lentTo[v] = 0 :: else fi;
    if :: silent[v] > 0 -> silent[v]-- :: else fi
  }
  for (d : 1 .. 2) {
    if :: belief[d] > 0 -> belief[d]-- :: else fi;
    if
    :: sentIn[d] != 0 ->
         age[d]++;
         /* A majority for it would be worth nothing any more. */
         if :: age[d] >= LEASE -> forget(d) :: else fi
    :: else
    fi
  };
  v = 0; d = 0
}

#ifdef LOWER
#define LENDS(v, d) (sentIn[d] <= epoch[v])
#else
#define LENDS(v, d) (sentIn[d] == epoch[v])
#endif
#define MAY_LEND(v, d) \
  (sentIn[d] != 0 && LENDS(v, d) && BIT(SET(sentIn[d]), v) && !BIT(granted[d], v) && silent[v] == 0 && \
   (lentTo[v] == d || lent[v] == 0))

inline lend(v, d) {
  lent[v] = LEASE;
  lentTo[v] = d;
  granted[d] = granted[d] | (1 << v);
  if
  :: MAJORITY(granted[d], SET(sentIn[d])) ->
       if :: belief[d] < LEASE - age[d] -> belief[d] = LEASE - age[d] :: else fi;
       /* What comes after its majority only keeps others away. */
       forget(d)
  :: else
  fi;
  assert(!(belief[1] > 0 && belief[2] > 0))
}

#ifdef NO_WAIT
#define MAY_COMMIT (reported)
#elif defined(NO_REPORT)
#define MAY_COMMIT (wait == 0)
#else
#define MAY_COMMIT (reported && wait == 0)
#endif

inline adopt(v, e) {
  epoch[v] = e;
#ifdef DROP
  lentTo[v] = 0; lent[v] = 0;
#endif
  report()
}

inline restart(v) {
  lentTo[v] = 0; lent[v] = 0; silent[v] = LEASE;
#ifdef BACK
  epoch[v] = 1
#endif
}

active proctype cluster() {
  do
  :: d_step { tick() }
  :: d_step { committed == 1 -> committed = 2;
#ifdef NO_REPORT
       wait = LEASE
#endif
     }
  :: d_step { committed == 2 && MAY_COMMIT -> committed = 3 }
  :: d_step { epoch[0] < committed -> adopt(0, epoch[0] + 1) }
  :: d_step { epoch[1] < committed -> adopt(1, epoch[1] + 1) }
  :: d_step { epoch[2] < committed -> adopt(2, epoch[2] + 1) }
  :: d_step { epoch[3] < committed -> adopt(3, epoch[3] + 1) }
  :: d_step { restart(0) }
  :: d_step { restart(1) }
  :: d_step { restart(2) }
  :: d_step { restart(3) }
  :: d_step { forget(1); sentIn[1] = 1 }
  :: d_step { forget(2); sentIn[2] = 1 }
  :: d_step { committed >= 2 -> forget(1); sentIn[1] = 2 }
  :: d_step { committed >= 2 -> forget(2); sentIn[2] = 2 }
  :: d_step { committed >= 3 -> forget(1); sentIn[1] = 3 }
  :: d_step { committed >= 3 -> forget(2); sentIn[2] = 3 }
  :: d_step { MAY_LEND(0, 1) -> lend(0, 1) }
  :: d_step { MAY_LEND(1, 1) -> lend(1, 1) }
  :: d_step { MAY_LEND(2, 1) -> lend(2, 1) }
  :: d_step { MAY_LEND(3, 1) -> lend(3, 1) }
  :: d_step { MAY_LEND(0, 2) -> lend(0, 2) }
  :: d_step { MAY_LEND(1, 2) -> lend(1, 2) }
  :: d_step { MAY_LEND(2, 2) -> lend(2, 2) }
  :: d_step { MAY_LEND(3, 2) -> lend(3, 2) }
  od
}
