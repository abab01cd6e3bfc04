/** What a prober may have become by what strangers sent: it answers what nobody asked, then more than a line has. */
for (const line of ['{"ready":true}', 'no JSON', '{"id":0,"ok":true,"reason":""}', '{"id":7,"ok":true,"reason":""}'])
  process.stdout.write(`${line}\n`)
process.stdout.write('x'.repeat(300_000))
process.stdin.resume()
