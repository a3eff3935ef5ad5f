import type { CaseResult } from './engine/contracts.ts'
import type { ServicePlace } from './engine/service-contract.ts'
import { serviceCases } from './places/conformance/service-cases.ts'
