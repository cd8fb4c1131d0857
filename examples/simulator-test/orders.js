/** The application: tells a customer that an order is on its way. */
export function createOrders(pusher, templateId) {
  return {
    async ship({ number, goods, unionid }) {
      const push = await pusher.push({
        // The same order is told of once, however often this is called.
        id: `order-${number}-shipped`,
        unionid,
        templateId,
        data: { thing1: goods, time2: '2026-11-20 15:01' },
      })
      return push.id
    },
  }
}
