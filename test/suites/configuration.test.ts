/** The suite of the configuration on the one in memory, which stands for it in tests of the API and of `lvsm`. */
import { describe } from 'vitest'
import { MemoryConfiguration } from '../kit/configuration.ts'
import { configurationSuite } from './configuration.ts'

describe('the configuration in memory', () =>
  configurationSuite(async () => ({ all: [new MemoryConfiguration()], close: async () => undefined })))
