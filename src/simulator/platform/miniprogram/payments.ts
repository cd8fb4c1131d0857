import type { ParsedUrlQuery } from 'node:querystring'
import type { SimulatedPayment } from '../people.ts'

const paymentLifeMs = 300_000

/** What users have paid for, by which WeChat tells a unionid for five minutes. */
export function createPayments(random: () => number) {
  const payments: (SimulatedPayment & { user: number; paidAt: number })[] = []

  return {
    mint(user: number, paidAt: number): SimulatedPayment {
      const payment = {
        transactionId: `42000${randomDigits(random, 23)}`,
        mchId: '1230000109',
        outTradeNo: `order${randomDigits(random, 15)}`,
      }
      payments.push({ ...payment, user, paidAt })
      return payment
    },

    /** Whether the user has just made the payment that the query names. */
    isKnown(user: number, query: ParsedUrlQuery, at: number): boolean {
      const { transaction_id: transactionId, mch_id: mchId, out_trade_no: outTradeNo } = query
      return payments.some(
        (paid) =>
          paid.user === user &&
          at <= paid.paidAt + paymentLifeMs &&
          (paid.transactionId === transactionId || (paid.mchId === mchId && paid.outTradeNo === outTradeNo)),
      )
    },
  }
}

function randomDigits(random: () => number, length: number): string {
  let digits = ''
  while (digits.length < length) digits += Math.floor(random() * 10)
  return digits
}
