/**
 * Client of unionpush's mini-program routes: one session, opened and renewed without the user noticing.
 * Failed calls reject with an Error that has `status` (HTTP, 0 = the server was not reached) and `code`.
 */
function createUnionpush({ base, storageKey = 'unionpush-session' }) {
  let token = wx.getStorageSync(storageKey)
  let login
  let check
  let declined = false

  /** Whoever needs a new session at the same time shares one login: each `wx.login` may void the session_key before it. */
  function logIn() {
    if (!login) {
      login = openSession().finally(() => {
        login = undefined
      })
    }
    return login
  }

  async function openSession() {
    const { code } = await call('login', {})
    const answer = await send({ method: 'POST', url: `${base}/miniprogram/login`, data: { code } })
    token = answer.token
    wx.setStorage({ key: storageKey, data: token })
  }

  /** Once per launch: if WeChat's own session is over, the server could not open what WeChat encrypts from now on. */
  function ready() {
    if (!check) {
      check = (token ? call('checkSession', {}).catch(logIn) : logIn()).catch((error) => {
        check = undefined
        throw error
      })
    }
    return check
  }

  /** Sends a request with the session; a session that is over is renewed once, silently. */
  async function request({ method = 'GET', path, data }) {
    await ready()
    const attempt = () =>
      send({ method, url: base + path, data, header: { Authorization: `Bearer ${token}` } })
    const used = token
    try {
      return await attempt()
    } catch (error) {
      if (error.status !== 401) throw error
      // Another request may have renewed it meanwhile.
      if (token === used) await logIn()
      return attempt()
    }
  }

  /** `{unionid: 'known' | 'missing', following, expiresAt}` */
  function getState() {
    return request({ path: '/miniprogram/session' })
  }

  /**
   * Gives the server the unionid if login did not. The user is asked only then, at most once per launch, and a user
   * who says no gets the same answer: `{unionid: 'known' | 'missing', following}`.
   */
  async function completeUnionid() {
    const state = await getState()
    if (state.unionid === 'known' || declined) return state
    try {
      return await sendUserInfo()
    } catch (error) {
      if (error.status !== 400) throw error
      // A login elsewhere, on the user's tablet for instance, has replaced the session_key.
      await logIn()
      return sendUserInfo()
    }
  }

  async function sendUserInfo() {
    const info = await call('getUserInfo', { withCredentials: true }).catch((failure) => failure.reason)
    // Rejects with `client_failed` when it was not the user who said no.
    const state = await request({ method: 'POST', path: '/miniprogram/userinfo', data: info })
    declined = !info.encryptedData
    return state
  }

  /**
   * Takes the `detail` of a `getPhoneNumber` button, whether the user agreed or not.
   * `{phoneNumber, purePhoneNumber, countryCode}`, all null after a no. Rejects with `client_failed` when WeChat's client
   * failed for another reason, such as a privacy agreement that does not name the phone number.
   */
  function getPhoneNumber({ code, errMsg }) {
    return request({ method: 'POST', path: '/miniprogram/phone', data: { code, errMsg } })
  }

  async function logOut() {
    if (!token) return
    await request({ method: 'POST', path: '/miniprogram/logout' })
    token = ''
    check = undefined
    wx.removeStorage({ key: storageKey })
  }

  return { request, getState, completeUnionid, getPhoneNumber, logOut }
}

function call(name, options) {
  return new Promise((resolve, reject) => {
    const fail = (reason) => reject(toError({ status: 0, code: 'wechat', message: reason.errMsg, reason }))
    wx[name](Object.assign({ success: resolve, fail }, options))
  })
}

/** To WeChat every answer of a server is a success, whatever its status. */
async function send(options) {
  const { statusCode, data } = await call('request', options)
  if (statusCode >= 200 && statusCode < 300) return data
  const { code = 'unknown', message = `HTTP status ${statusCode}` } = data.error || {}
  throw toError({ status: statusCode, code, message })
}

function toError({ message, ...fields }) {
  return Object.assign(new Error(message), fields)
}

module.exports = { createUnionpush }
