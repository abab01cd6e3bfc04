/** `METRICS.md`: every metric once; made of the tables of metrics. */
import { METRIC_PARTS, type Metric } from '@lvsm/protocol'

const HEAD = `# Metrics

For Prometheus, in its text format. Each node's agent answers \`GET /metrics\` on its socket (\`curl --unix-socket /run/lvsm/agent.sock
http://lvsm/metrics\`): what it knows itself, and what its kernel counts; and with \`lvsm cluster set monitoring-port=9464\` at that port of its address on
its first heartbeat link (\`monitoring-link\` names another), for Prometheus. Each coordinator answers it on its socket and at its port for
people, with what it knows of the cluster and of itself.

A node tells of the services of groups that it directs: of an owner they count, of a standby they rest. Counters of the kernel begin anew where the
service, or the realserver in it, was taken out and added again. With \`dr\` and \`tun\` answers go past the director: what goes out is 0.

| behind the path | what it changes |
|---|---|
| \`?realservers=no\` | no series of realservers one by one; they are left out by themselves where there are more than 2,000; of coordinators, too |
| \`?realservers=yes\` | series of all realservers, however many there are |
| \`?exporter=no\` | of nodes: not under node_exporter's names as well: where that runs beside |

A dashboard for Grafana: \`/usr/share/lvsm/grafana-dashboard.json\`. Alerting rules for Prometheus: \`/usr/share/lvsm/prometheus-rules.yml\`.

This page is made of the tables in [packages/protocol/src/metrics.ts](packages/protocol/src/metrics.ts): \`npx vitest run scripts/pages -u\`.
`
const TITLES: Readonly<Record<keyof typeof METRIC_PARTS, string>> = {
  common: 'Nodes and coordinators',
  node: 'Nodes',
  coordinator: 'Coordinators',
}

export const metricsPage = (): string =>
  [HEAD, ...(Object.keys(METRIC_PARTS) as (keyof typeof METRIC_PARTS)[]).map(part)].join('\n')

const part = (name: keyof typeof METRIC_PARTS): string =>
  [
    `## ${TITLES[name]}\n`,
    '| name | kind | unit | labels | what it is |',
    '|---|---|---|---|---|',
    ...Object.entries<Metric>(METRIC_PARTS[name]).map(
      ([metric, { kind, unit, labels, help }]) =>
        `| \`${metric}\` | ${kind} | ${unit} | ${labels.join(', ')} | ${help} |`,
    ),
    '',
  ].join('\n')
