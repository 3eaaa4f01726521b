"""Proxy files."""


class Proxy: ...


class ProxyStore: ...
