import { expect, it } from 'vitest'
import { userOf } from './rights.ts'

const NOBODY = 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin'
it.each([
  ['a user of its own', `root:x:0:0::/root:/bin/sh\n${NOBODY}\nlvsm-prober:x:997:996::/:/bin/false\n`, 997, 996],
  ['who owns nothing', `root:x:0:0::/root:/bin/sh\n${NOBODY}\n`, 65_534, 65_534],
  ['the same where nobody is known', '', 65_534, 65_534],
  ['never root', 'lvsm-prober:x:0:0::/:/bin/false\n', 65_534, 65_534],
])('it becomes %s', (_, passwd, uid, gid) => expect(userOf(passwd)).toEqual({ uid, gid }))
