/** What is no trouble, because operators want it, and stands in a status all the same: in the words of a status, with what comes of it and what ends it. */
import type { TroubleKind } from './kind.ts'

export const WANTED: Readonly<Record<string, Pick<TroubleKind, 'says' | 'means' | 'next'>>> = {
  maintenance: {
    says: 'a director in the state `maintenance`: under maintenance by WHO (lvsm standby on): takes nothing over; of a group: nobody could take GROUP: DIRECTOR: under maintenance',
    means:
      'it owns nothing and takes nothing over, whatever happens to the others: a group without another director that is ready is lost with its owner; it still votes. A `standby` is a director that could take over',
    next: 'when the work is done: lvsm standby off NODE, where nothing says that it ends by itself; lvsm intents says who wants it, since when and until when',
  },
  drained: {
    says: 'a realserver that is draining or drained: drain by WHO, NUMBER established',
    means: 'it gets no new connections, in whatever state it is; those that it has go on',
    next: 'lvsm enable SERVER, when it is to serve again',
  },
  stopped: {
    says: 'a realserver, or a group, that is stopped by WHO',
    means:
      'the realserver gets nothing; nobody answers for the addresses of a stopped group, and its clients are refused or wait',
    next: 'lvsm enable SERVER, or lvsm group enable GROUP, when it is to serve again',
  },
}
