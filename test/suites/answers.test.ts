/** The suite of answers on the kernel of the simulation. */
import { describe } from 'vitest'
import { DataPlane } from '../kit/data-plane.ts'
import { type AnswersSubject, answersSuite } from './answers.ts'

const simulated = (): AnswersSubject => {
  const plane = new DataPlane([{ name: 'left', address: '10.11.0.11' }], () => [])
  const index = plane.links.find(({ name }) => name === 'left')?.index ?? 0
  return {
    index,
    observe: () => plane.observe(0, { sysctls: [], services: false }).answers ?? { routes: [], rules: [] },
    apply: (operation) => plane.apply(operation),
    takeTable: () => {
      const place = { family: 'ipv4', table: 7600, destination: '0.0.0.0', prefix: 0 } as const
      const theirs = { ...place, gateway: '10.11.0.1', index, source: null, foreign: true } as const
      plane.answers = { ...plane.answers, routes: [...plane.answers.routes, theirs] }
    },
    close: () => undefined,
  }
}

describe('answers on the kernel of the simulation', () => answersSuite(simulated))
