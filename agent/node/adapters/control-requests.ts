/** Bodies of requests on the agent's socket, as the commands that they mean. */
import { type Command, ROUTES } from '@lvsm/protocol'

/** The body of a request as the command that it means. */
export const REQUESTS = {
  switchover: (body: unknown) =>
    ROUTES.switchover.request.transform((read) => ({ verb: 'switchover' as const, ...read })).safeParse(body),
  standby: (body: unknown) =>
    ROUTES.standby.request.transform((read) => ({ verb: 'standby' as const, ...read })).safeParse(body),
  runCheck: (body: unknown) =>
    ROUTES.runCheck.request.transform((read) => ({ verb: 'runCheck' as const, ...read })).safeParse(body),
  testAlert: (body: unknown) =>
    ROUTES.testAlert.request.transform((read) => ({ verb: 'testAlert' as const, ...read })).safeParse(body),
} satisfies Record<Command['verb'], unknown>
