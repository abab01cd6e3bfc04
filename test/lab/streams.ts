/** SCTP, which Node does not speak, by the sockets of Perl: servers that say who they are, and a client that asks them. */
import { spawn } from 'node:child_process'
import { on } from './harness.ts'

/** Bound to one address each: an association of several would tell the client of the others, and go there (RFC 9260, 5.1.2). */
const ADDRESS = `sub at { my ($host, $port) = @_; return $host =~ /:/ ? (AF_INET6, pack_sockaddr_in6($port, inet_pton(AF_INET6, $host))) : (AF_INET, pack_sockaddr_in($port, inet_aton($host))) }`
const SERVER = `use Socket qw(:all); $| = 1; ${ADDRESS}
  my ($name, @all) = @ARGV; my @waiting;
  for my $one (@all) {
    my ($host, $port) = split /,/, $one; my ($family, $at) = at($host, $port);
    socket(my $socket, $family, SOCK_STREAM, 132) or die "socket $one: $!";
    setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1); bind($socket, $at) or die "bind $one: $!"; listen($socket, 8) or die "listen $one: $!";
    push @waiting, $socket;
  }
  print "ready\\n";
  while (1) {
    my $bits = ""; vec($bits, fileno($_), 1) = 1 for @waiting;
    select(my $ready = $bits, undef, undef, undef);
    for my $socket (@waiting) { if (vec($ready, fileno($socket), 1)) { accept(my $caller, $socket) or next; syswrite $caller, $name; close $caller } }
  }`
const CLIENT = `use Socket qw(:all); ${ADDRESS}
  for my $word (@ARGV) {
    my ($own, $host, $port, $count) = split /,/, $word; my @heard;
    for (1 .. $count) {
      my ($family, $from) = at($own, 0); my (undef, $to) = at($host, $port); my $heard = "";
      eval {
        local $SIG{ALRM} = sub { die "silence" }; alarm 5;
        socket(my $socket, $family, SOCK_STREAM, 132) or die "socket"; bind($socket, $from) or die "bind"; connect($socket, $to) or die "refused";
        sysread $socket, $heard, 99; close $socket; alarm 0;
      };
      $heard = $1 if $@ =~ /^(\\w+)/; push @heard, $heard || "nothing";
    }
    print "@heard\\n";
  }`

/** `at`: each `ADDRESS,PORT`. Runs until it is stopped. */
export async function streaming(node: string, at: readonly string[]): Promise<() => void> {
  const child = spawn('ip', ['netns', 'exec', node, 'perl', '-e', SERVER, node, ...at], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('close', (code) => reject(new Error(`what listens on ${node} ended with ${code}`)))
  })
  return () => void child.kill('SIGKILL')
}

export interface Associations {
  /** The client's own address. */
  readonly own: string
  readonly address: string
  readonly port: number
  readonly count: number
}

/** Who greeted each association of each of these, in order, or what went wrong in one word; one client asks them all. */
export async function associations(asked: readonly Associations[]): Promise<string[][]> {
  if (asked.length === 0) return []
  const words = asked.map(({ own, address, port, count }) => [own, address, port, count].join())
  const lines = (await on('client', `perl -e '${CLIENT}' ${words.join(' ')}`)).split('\n')
  return asked.map((_, at) => (lines[at] ?? '').split(/\s+/).filter((word) => word !== ''))
}
