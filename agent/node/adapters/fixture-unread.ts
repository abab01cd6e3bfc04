/** A prober whose answers to odd jobs have a figure that is none. */
import { createInterface } from 'node:readline'

console.log('{"ready":true}')
createInterface({ input: process.stdin }).on('line', (line) => {
  const id = Number(/"id":(\d+)/.exec(line)?.[1])
  const value = id % 2 === 0 ? '1' : 'null'
  console.log(`{"id":${id},"ok":true,"reason":"","perfdata":[{"label":"x","value":${value},"unit":""}]}`)
})
