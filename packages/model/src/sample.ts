/** Published, so it keeps nobody out. */
export const SAMPLE_SECRET = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'

/** The default topology of the lab as a configuration file: an example for readers, and what the tests of several rooms start from. */
export const SAMPLE = `cluster: lab
revision: 1
timing: { keepalive: 100ms, lease: 350ms, apply: 35ms, warntime: 300ms, deadtime: 1s, drain: 200ms }
keys:
  - { id: 1, algorithm: sha256, secret: "${SAMPLE_SECRET}" }
sign-with: 1
nodes:
  - { name: dir1, roles: [director], voter: true, links: [{ name: inside, address: 10.12.0.1, port: 6940 }, { name: outside, address: 10.11.0.1, port: 6940 }] }
  - { name: dir2, roles: [director], voter: true, links: [{ name: inside, address: 10.12.0.2 }, { name: outside, address: 10.11.0.2 }] }
  - { name: rs1, roles: [realserver], voter: true, links: [{ name: inside, address: 10.12.0.11 }, { name: outside, address: 10.11.0.11 }] }
  - { name: rs2, roles: [realserver], links: [{ name: inside, address: 10.12.0.12 }, { name: outside, address: 10.11.0.12 }] }
  - { name: rs3, roles: [realserver], links: [{ name: inside, address: 10.12.0.13 }] }
groups:
  - name: web
    directors: [dir1, dir2]
    vips: [10.11.0.10/24]
    gateways: [10.12.0.254/24]
    ping: [10.11.0.100]
services:
  - name: http
    group: web
    address: 10.11.0.10
    port: 80
    protocol: tcp
    scheduler: wrr
    check: { type: tcp, interval: 500ms, timeout: 300ms, fall: 2, rise: 2 }
    realservers:
      - { node: rs1, address: 10.11.0.11, forward: dr, weight: 1 }
      - { node: rs2, address: 10.11.0.12, forward: dr, weight: 1 }
      - { node: rs3, address: 10.12.0.13, port: 8080, forward: nat, gateway: 10.12.0.254, weight: 1 }
`
