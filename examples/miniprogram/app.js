const { createUnionpush } = require('./unionpush.js')

App({
  onLaunch() {
    // Add the host under 开发管理 > 开发设置 > 服务器域名 > request 合法域名.
    this.unionpush = createUnionpush({ base: 'https://push.example.com' })
  },
})
