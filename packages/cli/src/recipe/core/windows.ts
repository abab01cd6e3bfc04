/** Windows Server 2012 and later, in PowerShell as an administrator. */
import { type Answer, byHand, type Need, run, shared } from './recipe.ts'

const ADAPTER = 'lvsm'

function direct({ vips, family, directors }: Need): Answer {
  const v6 = family === 'ipv6'
  const [near = ''] = directors.filter((address) => address.includes(':') === v6)
  const words = `-AddressFamily ${v6 ? 'IPv6' : 'IPv4'}`
  return {
    steps: [
      ...shared(
        ADAPTER,
        byHand(
          `add the "Microsoft KM-TEST Loopback Adapter" (hdwwiz: legacy hardware, network adapters), and call it "${ADAPTER}"`,
          'an adapter by which nobody asks',
        ),
      ),
      run(
        `$lan = (Find-NetRoute -RemoteIPAddress ${near})[0].InterfaceAlias`,
        'the adapter on which clients’ packets come',
      ),
      run(
        `Set-NetIPInterface -InterfaceAlias ${ADAPTER} ${words} -WeakHostReceive Enabled -WeakHostSend Enabled -DadTransmits 0 -InterfaceMetric 9999`,
        'it is never the way to anybody',
      ),
      run(
        `Set-NetIPInterface -InterfaceAlias $lan ${words} -WeakHostReceive Enabled -WeakHostSend Enabled`,
        'packets for the VIP come, and answers leave, by this one',
      ),
      ...vips.map((vip) =>
        run(
          `New-NetIPAddress -InterfaceAlias ${ADAPTER} -IPAddress ${vip} -PrefixLength ${v6 ? 128 : 32} -SkipAsSource $true`,
          'the VIP, never as a source by itself',
        ),
      ),
    ],
    undo: [
      ...vips.map((vip) => run(`Remove-NetIPAddress -IPAddress ${vip} -Confirm:$false`, 'the VIP goes first')),
      run(`$lan = (Find-NetRoute -RemoteIPAddress ${near})[0].InterfaceAlias`, 'the same adapter as above'),
      run(
        `Set-NetIPInterface -InterfaceAlias $lan ${words} -WeakHostReceive Disabled -WeakHostSend Disabled`,
        'unless they were on before',
      ),
      ...shared(
        ADAPTER,
        byHand(`remove the adapter "${ADAPTER}" in the device manager`, 'it has nothing to do any more'),
      ),
    ],
  }
}

function translated({ gateway, family, oneNetwork }: Need): Answer {
  if (gateway === null) return { refused: 'NAT needs a gateway in the group' }
  if (oneNetwork !== null)
    return {
      refused: `clients of the VIP are in ${oneNetwork} as well as this machine, and would be answered straight: use another network, or DR`,
    }
  const [every, net, file] =
    family === 'ipv6' ? ['::/0', 'ipv6', 'lvsm-former6.xml'] : ['0.0.0.0/0', 'ipv4', 'lvsm-former.xml']
  return {
    steps: [
      run(
        `Get-NetRoute -DestinationPrefix ${every} | Export-Clixml $env:ProgramData\\${file}`,
        'the default route as it is, for the way back',
      ),
      run(`netsh interface ${net} set global icmpredirects=disabled`, 'no redirect leads answers past the director'),
      run(`$lan = (Find-NetRoute -RemoteIPAddress ${gateway})[0].InterfaceIndex`, 'the adapter of the gateway'),
      run(`Remove-NetRoute -DestinationPrefix ${every} -Confirm:$false`, 'one default route alone'),
      run(
        `New-NetRoute -DestinationPrefix ${every} -NextHop ${gateway} -InterfaceIndex $lan`,
        'answers pass the director, which translates them back',
      ),
    ],
    undo: [
      run(`Remove-NetRoute -DestinationPrefix ${every} -Confirm:$false`, 'the way through the director goes'),
      run(
        `Import-Clixml $env:ProgramData\\${file} | ForEach-Object { New-NetRoute -DestinationPrefix $_.DestinationPrefix -NextHop $_.NextHop -InterfaceIndex $_.InterfaceIndex }`,
        'the default route as it was',
      ),
      run(`netsh interface ${net} set global icmpredirects=enabled`, 'unless they were off before'),
    ],
  }
}

export const windows = {
  title: 'Windows',
  comment: '#',
  tried: [],
  methods: {
    dr: direct,
    nat: translated,
    tun: (): Answer => ({
      refused: 'Windows has no interface that unwraps what a director tunnels: use forward: dr or nat',
    }),
  },
} as const
